// Wet paint: broad strokes carry the new picture over the old one, bristle by bristle, and dry.

uniform float stroke; // = 0.10
uniform float relief; // = 0.55

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
  // The hand sweeps in long arcs; v runs across a stroke, u along it.
  float bend = 0.16 * sin(p.x * 2.1 + 0.6) + 0.07 * sin(p.x * 4.7 + p.y * 2.0);
  float v = p.y * 0.92 - p.x * 0.32 + bend, u = p.x * 0.95 + p.y * 0.31;
  float lane = v / stroke, number = floor(lane), across = fract(lane);
  float start = grain(vec2(number, 7.0));
  // Bristles: long along the stroke, fine across it. Two samples tell which way their ridges lean.
  vec2 hair = vec2(u * 3.0 + start * 19.0, lane * 9.0);
  float bristle = hills(hair), beside = hills(hair + vec2(0.0, 0.45));
  // When the brush comes by: stroke after stroke from the top, each drawn from left to right.
  float span = ratio * 0.95 + 0.31;
  float order = 0.55 * (1.0 - uv.y) + 0.17 * start + 0.28 * u / span;
  float when = order + 0.07 * (bristle - 0.5) + 0.05 * across * across;
  float wet = 0.16;
  float since = (progress * (1.0 + 2.0 * wet) - wet - when) / wet;  // -1 not yet, 0 now, 1 dry
  float laid = smoothstep(-0.20, 0.20, since);
  float fresh = max(0.0, 1.0 - abs(since));
  fresh *= fresh * (3.0 - 2.0 * fresh);
  // The brush drags what is there, and its load stands up in the light that falls from above.
  vec2 along = vec2(0.95, 0.32) * vec2(1.0 / ratio, 1.0);
  vec2 drag = along * (0.05 * fresh * (bristle - 0.35)) + vec2(0.0, 0.012 * fresh * (beside - bristle));
  vec3 old = getFromColor(uv - drag).rgb, new = getToColor(uv + drag).rgb;
  vec3 paint = mix(old, new, laid);
  float lean = (bristle - beside) * 1.6 + (0.5 - across) * 0.5;
  paint *= 1.0 + relief * fresh * lean;
  paint += relief * 0.16 * fresh * max(lean - 0.25, 0.0);
  return vec4(paint, 1.0);
}
