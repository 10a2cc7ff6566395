// What stands up from a canvas, as heights that repeat at the tile's sides: brush strokes (red), threads (green), and
// how deep the cracks are (blue). Drawn once for each size of the wall; `slopes` makes of it what the light needs.

uniform float side;  // of the tile, in pixels
uniform float unit;  // pixels to one 720th of the wall
uniform int around;  // 9: cells that are looked at; a number that is not known is quicker to compile
out vec4 color;

float hash(vec2 p) {
  vec3 q = fract(vec3(p.xyx) * 0.1031);
  q += dot(q, q.yzx + 33.33);
  return fract((q.x + q.y) * q.z);
}

vec3 hash3(vec2 p) { return vec3(hash(p), hash(p + 41.0), hash(p + 83.0)); }

// Smooth random hills that repeat after `cells`, 0..1.
float hills(vec2 p, float cells) {
  vec2 cell = floor(p), f = fract(p);
  f = f * f * (3.0 - 2.0 * f);
  vec2 a = mod(cell, cells), b = mod(cell + 1.0, cells);
  return mix(mix(hash(a), hash(vec2(b.x, a.y)), f.x), mix(hash(vec2(a.x, b.y)), hash(b), f.x), f.y);
}

float bristles(float v) {
  float cell = floor(v), f = v - cell;
  return mix(hash(vec2(cell, 3.0)), hash(vec2(cell + 1.0, 3.0)), f * f * (3.0 - 2.0 * f));
}

// Short strokes that lie over one another: ridges of bristles along each, and a rim where the paint was pushed aside.
float strokes(vec2 p, float cells) {
  vec2 cell = floor(p);
  float top = -1.0, height = 0.0;
  for (int i = 0; i < around; i++) {
    vec2 other = cell + vec2(i % 3 - 1, i / 3 - 1), place = mod(other, cells);
    vec3 luck = hash3(place);
    float angle = 0.75 + 1.5 * (luck.x - 0.5) + 2.4 * (hills(place / 6.0, cells / 6.0) - 0.5);
    vec2 along = vec2(cos(angle), sin(angle)), away = p - other - 0.2 - 0.6 * luck.yz;
    float u = dot(away, along) / 1.15, v = dot(away, vec2(-along.y, along.x)) / (0.30 + 0.2 * luck.y);
    float inside = 1.0 - u * u * u * u - v * v, order = hash(place + 17.0);
    if (inside > 0.0 && order > top) {
      top = order;
      float load = smoothstep(0.0, 0.45, inside) * (1.0 - 0.35 * u);
      height = load * (0.35 + 0.65 * bristles(v * 3.5 + luck.z * 91.0 + 0.3 * sin(u * 3.0))) + 0.13 * exp(-inside * 8.0);
    }
  }
  return height;
}

// Threads over and under one another.
float weave(vec2 p, float cells) {
  vec2 wave = sin(p * 3.14159265), over = vec2(wave.x * sign(wave.y), wave.y * sign(wave.x));
  float uneven = hills(p * 0.5, cells * 0.5);
  return (abs(wave.x) * max(over.y, 0.0) + abs(wave.y) * max(-over.x, 0.0)) * (0.5 + uneven);
}

// How near p is to the border between two random cells, 1 on it.
float cracks(vec2 p, float cells, float width) {
  vec2 cell = floor(p);
  float first = 9.0, second = 9.0;
  for (int i = 0; i < around; i++) {
    vec2 other = cell + vec2(i % 3 - 1, i / 3 - 1);
    vec2 away = p - other - 0.1 - 0.8 * hash3(mod(other, cells)).xy;
    float far = dot(away, away);
    second = min(max(far, first), second);
    first = min(far, first);
  }
  return 1.0 - smoothstep(0.0, width, sqrt(second) - sqrt(first));
}

// The whole number of cells that makes them `size` units wide, even so that every pattern closes.
float fitting(float size) { return max(2.0, 2.0 * round(side / (2.0 * size * unit))); }

void main() {
  vec2 p = gl_FragCoord.xy / side;
  float broad = fitting(19.0), thread = fitting(1.7), wide = fitting(34.0), narrow = fitting(11.0);
  vec2 bent = p + (vec2(hills(p * wide * 2.0, wide * 2.0), hills(p * wide * 2.0 + 5.0, wide * 2.0)) - 0.5) * 0.35 / wide;
  float aged = hills(p * broad / 4.0, broad / 4.0);
  float crack = max(cracks(bent * wide, wide, 0.045), cracks(bent * narrow, narrow, 0.10) * smoothstep(0.40, 0.75, aged));
  color = vec4(strokes(p * broad, broad), weave(p * thread, thread), crack * (0.4 + 0.6 * aged), 1.0);
}
