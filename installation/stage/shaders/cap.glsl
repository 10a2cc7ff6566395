// A wall, or the light on a picture, of which each area keeps a share. A small image repeats its last texels.

uniform sampler2D image;
uniform sampler2D kept;  // shares, over all of the wall
uniform vec2 whole;      // the size of the wall in pixels
uniform vec2 corner;     // left, bottom of the image in it
out vec4 color;

void main() {
  vec2 at = gl_FragCoord.xy;
  vec4 lit = texelFetch(image, min(ivec2(at), textureSize(image, 0) - 1), 0);
  color = vec4(lit.rgb * texture(kept, (corner + at) / whole).r, lit.a);
}
