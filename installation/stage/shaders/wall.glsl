// A gallery wall with an empty frame, drawn once for each size of the wall; black where the picture will be.

out vec4 color;

const vec3 TO_LAMP = normalize(vec3(-0.16, -0.80, 0.62));
const vec3 HALF_WAY = normalize(TO_LAMP + vec3(0, 0, 1));

vec4 grown(vec4 box, float by) { return vec4(box.xy - by, box.zw + 2.0 * by); }

float shadows(vec2 p) {
  vec4 frame = grown(picture, moulding);
  vec2 from_left = vec2(9, 20) * unit, from_right = vec2(-9, 20) * unit;
  float far = blurred_box(p - from_left, frame, 13.0 * unit) + blurred_box(p - from_right, frame, 13.0 * unit);
  float near = blurred_box(p - vec2(0, 7) * unit, frame, 4.0 * unit);
  return (1.0 - 0.30 * far) * (1.0 - 0.42 * near);
}

vec3 plaster(vec2 p) {
  float relief = noise(p / (2.6 * unit)) - noise((p + vec2(0, 1.3) * unit) / (2.6 * unit));
  float grain = 0.010 * noise(p / (0.9 * unit)) + 0.016 * relief + 0.022 * noise(p / (140.0 * unit)) + 0.014 * noise(p / (41.0 * unit));
  return vec3(0.415, 0.388, 0.348) * (1.0 + grain);
}

vec3 wall(vec2 p) { return plaster(p) * light(p) * shadows(p); }

float round_(float t, float from, float to) {
  float x = (2.0 * t - from - to) / (to - from);
  return sqrt(max(0.0, 1.0 - x * x));
}

// The section of the frame from its outer edge (0) to the picture (1): back edge, cushion, cove, gilt bead, slip.
float section(float t) {
  float h = 0.42 * round_(t, -0.02, 0.15);
  h = max(h, 0.30 + 0.62 * round_(t, 0.13, 0.95) * smoothstep(0.74, 0.40, t) - 0.1 * smoothstep(0.5, 0.8, t));
  h = max(h, 0.16 + 0.34 * round_(t, 0.75, 0.90));
  return h;
}

vec3 lit(vec3 matt, vec3 gloss, float polish, vec3 normal) {
  float diffuse = max(dot(normal, TO_LAMP), 0.0) + 0.12;
  return matt * diffuse + gloss * pow(max(dot(normal, HALF_WAY), 0.0), polish);
}

vec3 frame(vec2 p) {
  vec2 middle = picture.xy + 0.5 * picture.zw, away = p - middle;
  vec2 beyond = abs(away) - 0.5 * picture.zw;
  bool on_side = beyond.x > beyond.y;
  float t = clamp(1.0 - max(beyond.x, beyond.y) / moulding, 0.0, 1.0);
  vec2 outward = on_side ? vec2(sign(away.x), 0.0) : vec2(0.0, sign(away.y));
  float along = on_side ? p.y : p.x;
  float ripple = smoothstep(0.17, 0.19, t) * smoothstep(0.33, 0.31, t);
  float slope = (section(t + 0.012) - section(t - 0.012)) / 0.024 * 0.55;
  float waves = 0.55 * ripple * sin(along * 6.2832 / (4.0 * unit));
  vec2 ahead = on_side ? vec2(0, 1) : vec2(1, 0);
  vec2 fibre = vec2(along / (60.0 * unit), t * 26.0) + (on_side ? 17.0 : 0.0);
  vec3 normal = normalize(vec3(outward * slope + ahead * waves, 1.0));
  bool gilt = t > 0.75 && t < 0.905;
  float worn = 0.5 + 0.5 * noise(p / (5.0 * unit)) * noise(p / (17.0 * unit) + 5.0);
  vec3 gold = lit(mix(vec3(0.30, 0.17, 0.055), vec3(0.44, 0.29, 0.095), worn), vec3(1.0, 0.74, 0.34) * 0.85, 9.0, normal);
  vec3 wood = vec3(0.030, 0.022, 0.016) * (1.0 + 0.35 * noise(fibre));
  vec3 ebony = lit(wood, vec3(0.20, 0.19, 0.17) * (1.0 + 0.2 * noise(fibre * 1.7)), 14.0, normal);
  float crevice = mix(1.0, 0.30, smoothstep(0.10, 0.13, t) * smoothstep(0.17, 0.145, t)) * mix(1.0, 0.25, smoothstep(0.90, 0.96, t));
  crevice *= mix(1.0, 0.35, smoothstep(0.70, 0.74, t) * smoothstep(0.775, 0.75, t));
  float mitre = 1.0 - 0.45 * smoothstep(0.9, 0.2, abs(beyond.x - beyond.y) / unit);
  return (gilt ? gold : ebony) * crevice * mitre * light(p);
}

float beyond_frame(vec2 p) {
  vec2 outside = max(picture.xy - moulding - p, p - picture.xy - picture.zw - moulding);
  return max(outside.x, outside.y);
}

void main() {
  vec2 p = vec2(gl_FragCoord.x, size.y - gl_FragCoord.y);
  vec2 inside = min(p - picture.xy, picture.xy + picture.zw - p);
  int samples = min(inside.x, inside.y) > 1.0 ? 0 : beyond_frame(p) < 1.0 ? 4 : 1;  // one line for all: it compiles long
  vec3 sum = vec3(0.0);
  for (int i = 0; i < samples; i++) {
    vec2 q = samples == 1 ? p : p + 0.125 * vec2(i < 2 ? 4 * i - 1 : 4 * i - 11, 2 * i - 3);
    sum += beyond_frame(q) > 0.0 ? wall(q) : frame(q);
  }
  float dither = (hash(p) + hash(p + 71.0) - 1.0) / 255.0;
  color = vec4(display(sum / float(max(samples, 1))) + dither, 1.0);
}
