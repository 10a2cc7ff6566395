// First of two passes that enlarge a picture: its rows become as wide as they are shown.
// TAPS is even: 4 where the picture is enlarged, more where it shrinks.

uniform sampler2D frame;  // the top row first; alpha as `blend` left it
uniform vec2 span;        // first column and columns, in texels of the frame
uniform float width;      // in pixels of the result
out vec4 color;

vec4 texel(ivec2 at) { return texelFetch(frame, at, 0); }

void main() {
  float step = span.y / width;
  float center = span.x + gl_FragCoord.x * step - 0.5;
  int first = int(floor(center)) - TAPS / 2 + 1;
  int last = textureSize(frame, 0).x - 1, row = int(gl_FragCoord.y);
#if TAPS == 4
  vec4 weight = kernel4(center - floor(center));
  ivec4 x = clamp(first + ivec4(0, 1, 2, 3), 0, last);
  vec4 left = texel(ivec2(x.x, row)) * weight.x + texel(ivec2(x.y, row)) * weight.y;
  color = left + texel(ivec2(x.z, row)) * weight.z + texel(ivec2(x.w, row)) * weight.w;
#else
  vec4 sum = vec4(0.0);
  float all = 0.0;
  for (int i = 0; i < TAPS; i++) {
    float weight = kernel((float(first + i) - center) / max(step, 1.0));
    sum += texel(ivec2(clamp(first + i, 0, last), row)) * weight;
    all += weight;
  }
  color = sum / all;
#endif
}
