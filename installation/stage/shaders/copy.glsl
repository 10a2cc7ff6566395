// A texture over the viewport, texel by pixel: walls, cards (premultiplied) and the way to the screen.

uniform sampler2D image;
uniform vec2 corner;  // left, bottom of the viewport
uniform float gain;   // how bright
uniform float alpha;  // how opaque
out vec4 color;

void main() {
  color = texelFetch(image, ivec2(gl_FragCoord.xy - corner), 0) * vec4(vec3(gain * alpha), alpha);
}
