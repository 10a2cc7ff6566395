// Wet paint: broad strokes lay the new picture over the old one, bristle by bristle, and dry.

uniform float stroke; // = 0.12
uniform float relief; // = 0.6

float grain(vec2 cell) {
  vec3 q = fract(vec3(cell.xyx) * 0.1031);
  q += dot(q, q.yzx + 33.33);
  return fract((q.x + q.y) * q.z);
}

float hills(vec2 p) {
  vec2 cell = floor(p), f = fract(p);
  f = f * f * (3.0 - 2.0 * f);
  return mix(mix(grain(cell), grain(cell + vec2(1, 0)), f.x),
             mix(grain(cell + vec2(0, 1)), grain(cell + vec2(1, 1)), f.x), f.y);
}

vec4 transition(vec2 uv) {
  vec2 p = uv * vec2(ratio, 1.0);
  // The hand swings in long arcs: u runs along a stroke, v across it.
  float swing = 0.13 * sin(p.x * 2.3 + 0.5) + 0.05 * sin(p.x * 5.1 + p.y * 2.0);
  float u = p.x * 0.95 + p.y * 0.30, v = p.y - p.x * 0.30 + swing;
  // Strokes overlap with ragged edges: bristles at the rim reach into the neighbour's lane.
  vec2 hair = vec2(u * 2.6, v / stroke * 8.0);
  float bristle = hills(hair), beside = hills(hair + vec2(0.0, 0.5));
  float lane = v / stroke + 0.55 * (bristle - 0.5), number = floor(lane), across = lane - number;
  float luck = grain(vec2(number, 7.0));
  // When the brush comes by: stroke by stroke downwards, some early, each from left to right.
  float low = -0.30 * ratio - 0.12, high = 1.12;
  float order = 0.60 * (high - v) / (high - low) + 0.20 * luck + 0.20 * u / (ratio * 0.95 + 0.30);
  float when = smoothstep(0.10, 0.90, order) + 0.10 * (bristle - 0.5);
  const float wet = 0.20;
  float since = (progress * (1.1 + 2.0 * wet) - 0.05 - wet - when) / wet;  // -1 not yet, 0 now, 1 dry
  float laid = smoothstep(-0.25, 0.25, since);
  float fresh = max(0.0, 1.0 - abs(since));
  fresh *= fresh * (3.0 - 2.0 * fresh);
  // The brush drags what it meets, and its load stands up in the light that falls from above.
  vec2 drag = fresh * vec2(0.07 * (bristle - 0.3) / ratio, 0.02 * (bristle - 0.3) + 0.012 * (beside - bristle));
  vec3 paint = mix(getFromColor(uv - drag).rgb, getToColor(uv + drag * (1.0 - laid)).rgb, laid);
  float lean = (bristle - beside) * 1.7 + (across - 0.5) * 0.45;
  paint *= 1.0 + relief * fresh * lean;
  paint += relief * 0.15 * fresh * max(lean - 0.2, 0.0);
  return vec4(paint, 1.0);
}
