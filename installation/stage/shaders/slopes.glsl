// The slopes of what `paint` drew: strokes to the right and upwards (red, green), threads towards the upper left (blue)
// and the cracks as they are (alpha). 0.5 is flat.

uniform sampler2D heights;
uniform int side;
out vec4 color;

vec3 at(ivec2 p) { return texelFetch(heights, p & (side - 1), 0).rgb; }

void main() {
  ivec2 p = ivec2(gl_FragCoord.xy);
  vec3 here = at(p), x = at(p + ivec2(1, 0)) - at(p - ivec2(1, 0)), y = at(p + ivec2(0, 1)) - at(p - ivec2(0, 1));
  color = vec4(0.5 + 0.5 * vec2(x.r, y.r), 0.5 + 0.25 * (x.g - y.g), here.b);
}
