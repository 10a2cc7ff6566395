// Two frames become one, at their own size. Alpha is how much more light falls on the paint than if it lay flat, 0.5
// where it is the same: paint stands up where the picture is light, as lead white does.

uniform sampler2D earlier, later;
uniform float blend;   // 0 earlier, 1 later
uniform vec2 steep;    // what a slope of one texel, to the right and upwards, is multiplied with
uniform vec4 lamp;     // where it is, right and up of the middle; how much of that is lost towards the sides
uniform float relief;
out vec4 color;

vec3 texel(ivec2 at) {
  vec3 a = texelFetch(earlier, at, 0).rgb;
  if (blend <= 0.0) return a;
  vec3 b = texelFetch(later, at, 0).rgb;
  return sqrt(mix(a * a, b * b, blend));  // roughly as light adds up
}

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy), size = textureSize(earlier, 0);
  ivec2 right = ivec2(min(at.x + 1, size.x - 1), at.y), above = ivec2(at.x, max(at.y - 1, 0));
  vec3 here = texel(at);
  const vec3 LIGHT = vec3(0.30, 0.59, 0.11);
  vec2 slope = vec2(dot(texel(right) - here, LIGHT), dot(texel(above) - here, LIGHT)) * steep;
  slope /= 1.0 + abs(slope);  // fine marks stand up, and the edge of a hat not much more than they
  vec2 middle = gl_FragCoord.xy / vec2(size) - 0.5;
  vec2 towards = lamp.xy - lamp.zw * vec2(middle.x, -middle.y);
  color = vec4(here, 0.5 - relief * dot(slope, towards));
}
