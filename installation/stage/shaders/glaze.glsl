// The light on a picture in its frame, one texel a pixel: the lamps' fall-off, the frame's shadow and the gloss.

out vec4 color;

void main() {
  vec2 at = vec2(gl_FragCoord.x, picture.w - gl_FragCoord.y), p = picture.xy + at;
  float lamps = light(p).g / light(picture.xy + picture.zw * vec2(0.5, 0.44)).g;
  vec2 edge = min(at, picture.zw - at) / unit;
  float shade = mix(0.42, 1.0, smoothstep(-2.0, 11.0, at.y / unit)) * mix(0.72, 1.0, smoothstep(-2.0, 5.0, edge.x));
  float fall = at.y / picture.w - 0.10, sheen = 0.020 * exp(-fall * fall * 12.0) * shade;
  color = vec4(pow(lamps, 0.40) * shade / 1.25, sheen * 4.0, 0.0, 1.0);
}
