// What the stage gives to every transition, whose file follows. Its own names begin with stage_, to leave it the others.

uniform sampler2D stage_from, stage_to;
uniform vec4 stage_inset;  // left, bottom, width, height of what changes, in 0..1 of the whole wall
uniform vec4 stage_edges;  // left, bottom, right, top of it, half a texel inside: the frame never bleeds into it
uniform float progress, ratio;
out vec4 stage_color;

#if FRAMED
vec2 stage_within(vec2 uv) { return clamp(stage_inset.xy + uv * stage_inset.zw, stage_edges.xy, stage_edges.zw); }
#else
#define stage_within(uv) (uv)
#endif

vec4 getFromColor(vec2 uv) { return texture(stage_from, stage_within(uv)); }
vec4 getToColor(vec2 uv) { return texture(stage_to, stage_within(uv)); }
