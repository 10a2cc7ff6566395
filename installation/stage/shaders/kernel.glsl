// Mitchell and Netravali's filter between texels: sharp enough, and without the blocks that show on a wide wall.
// Four taps, where a picture is enlarged, have a form of their own, as every pixel pays for it.

float kernel(float x) {
  x = abs(x);
  float near = (7.0 * x - 12.0) * x * x + 5.333333;
  float far = ((12.0 - 2.333333 * x) * x - 20.0) * x + 10.666667;
  return x < 1.0 ? near : x < 2.0 ? far : 0.0;
}

// Weights of the four texels around a place, t (0..1) of the way from the second to the third. They sum up to 1.
vec4 kernel4(float t) {
  vec4 cubic = vec4(-0.388889, 1.166667, -1.166667, 0.388889), square = vec4(0.833333, -2.0, 1.5, -0.333333);
  return ((cubic * t + square) * t + vec4(-0.5, 0.0, 0.5, 0.0)) * t + vec4(0.055556, 0.888889, 0.055556, 0.0);
}
