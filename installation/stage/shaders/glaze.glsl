// The light on the canvas itself: the lamps' fall-off, the frame's shadow, the weave, the varnish. One texel a pixel.

out vec4 color;

void main() {
  vec2 at = vec2(gl_FragCoord.x, picture.w - gl_FragCoord.y), p = picture.xy + at;
  float lamps = light(p).g / light(picture.xy + picture.zw * vec2(0.5, 0.44)).g;
  vec2 edge = min(at, picture.zw - at) / unit;
  float shade = mix(0.42, 1.0, smoothstep(-2.0, 11.0, at.y / unit)) * mix(0.72, 1.0, smoothstep(-2.0, 5.0, edge.x));
  float weave = noise(at / unit * vec2(0.85, 0.22)) + noise(at / unit * vec2(0.22, 0.85) + 9.0);
  float gain = pow(lamps, 0.40) * shade * (1.0 + 0.022 * weave);
  float fall = at.y / picture.w - 0.10;
  float sheen = 0.020 * exp(-fall * fall * 12.0) * (1.0 + 0.25 * weave) * shade;
  color = vec4(gain / 1.25, sheen * 4.0, 0.0, 1.0);
}
