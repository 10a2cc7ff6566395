// A soft edge passes over the picture.

uniform vec2 direction; // = vec2(1.0, 0.0)
uniform float softness; // = 0.25

vec4 transition(vec2 uv) {
  vec2 way = normalize(direction + vec2(1e-6, 0.0));
  float along = dot(uv - 0.5, way) / (abs(way.x) + abs(way.y)) + 0.5;
  float soft = max(softness, 1e-3);
  float passed = smoothstep(0.0, 1.0, (progress * (1.0 + soft) - along) / soft);
  return mix(getFromColor(uv), getToColor(uv), passed);
}
