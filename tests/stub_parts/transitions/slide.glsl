// Slides.
uniform vec2 direction; // = vec2(1.0, 0.0)
uniform float softness; // = 0.25
uniform int bands; // = 3
uniform bool hard; // = false
vec4 transition(vec2 uv) { return mix(getFromColor(uv), getToColor(uv), progress); }
