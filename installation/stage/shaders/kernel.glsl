float catmull_rom(float x) {
  x = abs(x);
  float near = (1.5 * x - 2.5) * x * x + 1.0;
  float far = ((2.5 - 0.5 * x) * x - 4.0) * x + 2.0;
  return x < 1.0 ? near : x < 2.0 ? far : 0.0;
}
