// The wall made small: the mean of what each pixel covers.

uniform sampler2D image;
uniform int taps;  // per axis; each reads two texels
out vec4 color;

void main() {
  vec2 cover = vec2(dFdx(place.x), dFdy(place.y)) / float(taps);
  vec2 first = place - cover * (0.5 * float(taps) - 0.5);
  vec3 sum = vec3(0.0);
  for (int y = 0; y < taps; y++)
    for (int x = 0; x < taps; x++) sum += texture(image, first + cover * vec2(x, y)).rgb;
  color = vec4(sum / float(taps * taps), 1.0);
}
