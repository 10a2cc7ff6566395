// What the stage gives to every transition, whose file follows. Its own names begin with stage_, to leave it the others.

uniform sampler2D stage_from, stage_to;
uniform vec4 stage_inset;  // left, bottom, width, height of what changes, in 0..1 of the whole wall
uniform float progress, ratio;
out vec4 stage_color;

// Half a texel inside, so that a frame around the picture never bleeds into it.
vec2 stage_within(vec2 uv, sampler2D picture) {
  vec2 half_texel = 0.5 / vec2(textureSize(picture, 0));
  return clamp(stage_inset.xy + uv * stage_inset.zw, stage_inset.xy + half_texel, stage_inset.xy + stage_inset.zw - half_texel);
}

vec4 getFromColor(vec2 uv) { return texture(stage_from, stage_within(uv, stage_from)); }
vec4 getToColor(vec2 uv) { return texture(stage_to, stage_within(uv, stage_to)); }
