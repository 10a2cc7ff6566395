// One picture fades into the other, as light does: no dark moment half way.

vec4 transition(vec2 uv) {
  vec4 from = getFromColor(uv), to = getToColor(uv);
  return sqrt(mix(from * from, to * to, progress));
}
