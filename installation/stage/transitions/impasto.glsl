// Wet paint: broad strokes lay the new picture over the old one, bristle by bristle, and dry.

uniform float stroke; // = 0.12
uniform float relief; // = 0.6

vec3 scatter(vec3 x) {
  x = fract(x * 0.1031);
  x *= x + 33.33;
  return fract(x * (x + x));
}

// A sine of period 1, nearly: a machine without a graphics card draws this transition too.
float wave(float x) {
  x = fract(x) - 0.5;
  return 8.0 * x * (2.0 * abs(x) - 1.0);
}

vec3 waves(vec3 x) {
  x = fract(x) - 0.5;
  return 8.0 * x * (2.0 * abs(x) - 1.0);
}

vec4 transition(vec2 uv) {
  vec2 p = uv * vec2(ratio, 1.0);
  // The hand swings in long arcs: u runs along a stroke, v across it.
  float swing = 0.13 * wave(p.x * 0.37 + 0.08) + 0.05 * wave(p.x * 0.81 + p.y * 0.32);
  float u = p.x * 0.95 + p.y * 0.30, v = p.y - p.x * 0.30 + swing;
  // Bristles: hills across the stroke that rise and sink along it. Two of them tell which way the ridges lean.
  float hair = v / stroke * 8.0 + 0.35 * wave(u * 1.1 + v * 1.75), root = floor(hair), f = hair - root;
  vec3 hill = scatter(root + vec3(50.0, 51.0, 52.0));
  hill += 0.35 * waves(hill * 6.4 + u * 1.4);
  float soft = f * f * (3.0 - 2.0 * f);
  float bristle = mix(hill.x, hill.y, soft), beside = mix(bristle, hill.y + (hill.z - hill.y) * soft * soft, 0.5);
  // Strokes overlap with ragged edges: bristles at the rim reach into the neighbour's lane.
  float lane = v / stroke + 0.55 * (bristle - 0.5), number = floor(lane), across = lane - number;
  float luck = scatter(vec3(number + 90.0)).x;
  // When the brush comes by: stroke by stroke downwards, some early, each from left to right.
  float low = -0.30 * ratio - 0.12, high = 1.12;
  float order = 0.60 * (high - v) / (high - low) + 0.20 * luck + 0.20 * u / (ratio * 0.95 + 0.30);
  float when = smoothstep(0.10, 0.90, order) + 0.09 * (bristle - 0.5);
  const float wet = 0.20;
  float since = (progress * (1.16 + 2.0 * wet) - 0.08 - wet - when) / wet;  // -1 not yet, 0 now, 1 dry
  float laid = smoothstep(-0.25, 0.25, since);
  float fresh = max(0.0, 1.0 - abs(since));
  fresh *= fresh * (3.0 - 2.0 * fresh);
  // The brush drags what it meets, and its load stands up in the light that falls from above.
  vec2 drag = fresh * vec2(0.07 * (bristle - 0.3) / ratio, 0.02 * (bristle - 0.3) + 0.012 * (beside - bristle));
  vec3 paint = mix(getFromColor(uv - drag).rgb, getToColor(uv + drag * (1.0 - laid)).rgb, laid);
  float lean = (bristle - beside) * 1.7 + (across - 0.5) * 0.45;
  float light = relief * fresh;
  return vec4(paint * (1.0 + light * lean) + light * 0.15 * max(lean - 0.2, 0.0), 1.0);
}
