// First of two passes that enlarge a picture: two frames become one, and their rows as wide as they are shown.
// TAPS is even: 4 where the picture is enlarged, more where it shrinks.

uniform sampler2D earlier, later;
uniform float blend;   // 0 earlier, 1 later
uniform vec2 span;     // first column and columns, in texels of the frame
uniform float width;   // in pixels of the result
out vec4 color;

vec3 texel(ivec2 at) {
  vec3 a = texelFetch(earlier, at, 0).rgb, b = texelFetch(later, at, 0).rgb;
  return sqrt(mix(a * a, b * b, blend));  // roughly as light adds up
}

void main() {
  float step = span.y / width;
  float center = span.x + gl_FragCoord.x * step - 0.5;
  int first = int(floor(center)) - TAPS / 2 + 1;
  int last = textureSize(earlier, 0).x - 1, row = int(gl_FragCoord.y);
#if TAPS == 4
  vec4 weight = kernel4(center - floor(center));
  ivec4 x = clamp(first + ivec4(0, 1, 2, 3), 0, last);
  vec3 left = texel(ivec2(x.x, row)) * weight.x + texel(ivec2(x.y, row)) * weight.y;
  color = vec4(left + texel(ivec2(x.z, row)) * weight.z + texel(ivec2(x.w, row)) * weight.w, 1.0);
#else
  vec4 sum = vec4(0.0);
  for (int i = 0; i < TAPS; i++) {
    float weight = kernel((float(first + i) - center) / max(step, 1.0));
    sum += vec4(texel(ivec2(clamp(first + i, 0, last), row)), 1.0) * weight;
  }
  color = vec4(sum.rgb / sum.a, 1.0);
#endif
}
