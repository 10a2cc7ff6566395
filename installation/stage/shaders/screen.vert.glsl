// One triangle that covers the viewport; place is 0,0 at its bottom left and 1,1 at its top right.

out vec2 place;

void main() {
  place = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
  gl_Position = vec4(place * 2.0 - 1.0, 0.0, 1.0);
}
