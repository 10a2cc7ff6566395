// Second of two passes that enlarge a picture: its columns, then the light that falls on it.

uniform sampler2D rows;   // as wide as the result; the top row first
uniform sampler2D glaze;  // red: light / 1.25, green: reflection * 4
uniform vec2 span;        // first row and rows, in texels of the frame
uniform vec4 bounds;      // left, bottom, width, height of the result, in pixels
uniform float gain;
out vec4 color;

vec3 texel(int column, int row) { return texelFetch(rows, ivec2(column, row), 0).rgb; }

void main() {
  vec2 at = gl_FragCoord.xy - bounds.xy;
  float step = span.y / bounds.w;
  float center = span.x + (bounds.w - at.y) * step - 0.5;
  int first = int(floor(center)) - TAPS / 2 + 1;
  int last = textureSize(rows, 0).y - 1, column = int(at.x);
#if TAPS == 4
  vec4 weight = kernel4(center - floor(center));
  ivec4 y = clamp(first + ivec4(0, 1, 2, 3), 0, last);
  vec3 upper = texel(column, y.x) * weight.x + texel(column, y.y) * weight.y;
  vec3 paint = upper + texel(column, y.z) * weight.z + texel(column, y.w) * weight.w;
#else
  vec4 sum = vec4(0.0);
  for (int i = 0; i < TAPS; i++) {
    float weight = kernel((float(first + i) - center) / max(step, 1.0));
    sum += vec4(texel(column, clamp(first + i, 0, last)), 1.0) * weight;
  }
  vec3 paint = sum.rgb / sum.a;
#endif
  vec2 light = texelFetch(glaze, ivec2(at), 0).rg * vec2(1.25, 0.25);
  color = vec4((paint * light.x + light.y) * gain, 1.0);
}
