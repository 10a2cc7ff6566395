// What the stage does behind every transition, whose file stands before: its first and last few percent lead to the
// exact pictures, and where it gives no number the pictures are mixed.

void main() {
  vec4 stage_made = transition(place);
  if (any(isnan(stage_made))) stage_made = mix(getFromColor(place), getToColor(place), progress);
  stage_made = clamp(stage_made, 0.0, 1.0);
  if (progress < STAGE_EASE)
    stage_made = mix(getFromColor(place), stage_made, smoothstep(0.0, STAGE_EASE, progress));
  if (progress > 1.0 - STAGE_EASE)
    stage_made = mix(getToColor(place), stage_made, smoothstep(0.0, STAGE_EASE, 1.0 - progress));
  stage_color = vec4(stage_made.rgb, 1.0);
}
