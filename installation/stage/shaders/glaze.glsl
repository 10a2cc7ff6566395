// The light on the canvas itself, one texel a pixel: the weave, and in a frame the lamps' fall-off, the frame's shadow
// and the varnish.

out vec4 color;

void main() {
  vec2 at = vec2(gl_FragCoord.x, picture.w - gl_FragCoord.y), p = picture.xy + at;
  vec2 thread = at / unit * (moulding > 0.0 ? 1.0 : 0.7);
  float weave = noise(thread * vec2(0.85, 0.22)) + noise(thread * vec2(0.22, 0.85) + 9.0);
  float gain = 1.0, sheen = 0.0;
  if (moulding > 0.0) {
    float lamps = light(p).g / light(picture.xy + picture.zw * vec2(0.5, 0.44)).g;
    vec2 edge = min(at, picture.zw - at) / unit;
    float shade = mix(0.42, 1.0, smoothstep(-2.0, 11.0, at.y / unit)) * mix(0.72, 1.0, smoothstep(-2.0, 5.0, edge.x));
    float fall = at.y / picture.w - 0.10;
    sheen = 0.020 * exp(-fall * fall * 12.0) * (1.0 + 0.25 * weave) * shade;
    gain = pow(lamps, 0.40) * shade;
  }
  gain *= 1.0 + (moulding > 0.0 ? 0.012 : 0.020) * weave;
  color = vec4(gain / 1.25, sheen * 4.0, 0.0, 1.0);
}
