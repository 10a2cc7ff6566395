// Catmull and Rom's filter between texels: it goes through them, so that brushwork stays as sharp as it was painted.
// Four taps, where a picture is enlarged, have a form of their own, as every pixel pays for it.

float kernel(float x) {
  x = abs(x);
  float near = (9.0 * x - 15.0) * x * x + 6.0;
  float far = ((15.0 - 3.0 * x) * x - 24.0) * x + 12.0;
  return x < 1.0 ? near : x < 2.0 ? far : 0.0;
}

// Weights of the four texels around a place, t (0..1) of the way from the second to the third. They sum up to 1.
vec4 kernel4(float t) {
  vec4 cubic = vec4(-0.5, 1.5, -1.5, 0.5), square = vec4(1.0, -2.5, 2.0, -0.5);
  return ((cubic * t + square) * t + vec4(-0.5, 0.0, 0.5, 0.0)) * t + vec4(0.0, 1.0, 0.0, 0.0);
}
