// Second of two passes that enlarge a picture: its columns, then the surface that it is painted on and the light that
// falls on it. FRAMED is 1 where a frame and the room's lamps do something to that light.

uniform sampler2D rows;     // as wide as the result; the top row first; alpha as `blend` left it
uniform sampler2D surface;  // slopes of strokes (red, green) and threads (blue), cracks (alpha); a tile
uniform sampler2D glaze;    // red: light / 1.25, green: reflection * 4
uniform vec2 span;          // first row and rows, in texels of the frame
uniform vec4 bounds;        // left, bottom, width, height of the result, in pixels
uniform vec3 stand;         // how strokes (right, up) and threads meet the lamp
uniform float cracks;       // how much of a crack is seen
uniform vec3 tint, lift;    // the varnish and how bright it all is: what is left of white, what is added to black
uniform float gain;
out vec4 color;

vec4 texel(int column, int row) { return texelFetch(rows, ivec2(column, row), 0); }

void main() {
  vec2 at = gl_FragCoord.xy - bounds.xy;
  float step = span.y / bounds.w;
  float center = span.x + (bounds.w - at.y) * step - 0.5;
  int first = int(floor(center)) - TAPS / 2 + 1;
  int last = textureSize(rows, 0).y - 1, column = int(at.x);
#if TAPS == 4
  vec4 weight = kernel4(center - floor(center));
  ivec4 y = clamp(first + ivec4(0, 1, 2, 3), 0, last);
  vec4 upper = texel(column, y.x) * weight.x + texel(column, y.y) * weight.y;
  vec4 paint = upper + texel(column, y.z) * weight.z + texel(column, y.w) * weight.w;
#else
  vec4 paint = vec4(0.0);
  float all = 0.0;
  for (int i = 0; i < TAPS; i++) {
    float weight = kernel((float(first + i) - center) / max(step, 1.0));
    paint += texel(column, clamp(first + i, 0, last)) * weight;
    all += weight;
  }
  paint /= all;
#endif
  vec4 canvas = texelFetch(surface, ivec2(at) & (textureSize(surface, 0) - 1), 0);
  // Light paint is thick, with strokes in it; dark paint is thin, and the threads are seen through it.
  float strokes = dot(canvas.xy - 0.5, stand.xy), threads = (canvas.z - 0.5) * stand.z;
  float lit = paint.a + 0.5 + strokes * (0.25 + paint.g) + threads * (1.0 - 0.6 * paint.g);
  vec3 shown = paint.rgb * (lit * (1.0 - cracks * canvas.a)) * tint + lift;
#if FRAMED
  vec2 light = texelFetch(glaze, ivec2(at), 0).rg * vec2(1.25, 0.25);
  shown = shown * light.x + light.y * lit * gain;
#endif
  color = vec4(shown, 1.0);
}
