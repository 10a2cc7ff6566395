// Mitchell and Netravali's filter between texels: sharp enough, and without the blocks that show on a wide wall.
float kernel(float x) {
  x = abs(x);
  float near = (7.0 * x - 12.0) * x * x + 5.333333;
  float far = ((12.0 - 2.333333 * x) * x - 20.0) * x + 10.666667;
  return x < 1.0 ? near : x < 2.0 ? far : 0.0;
}
