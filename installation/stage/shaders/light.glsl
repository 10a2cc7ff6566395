// The room: two lamps under the ceiling, and what is not quite even about real walls. Pixels, 0,0 at the top left.

uniform vec2 size;      // of the wall
uniform float unit;     // pixels to one 720th of a wall that hangs as on a 1280x720 screen
uniform vec4 picture;   // left, top, width, height of what is seen of the picture
uniform float moulding; // width of the frame

const vec3 LAMP = vec3(1.0, 0.935, 0.83);
const vec3 DAYLIGHT = vec3(0.93, 0.97, 1.0);

float hash(vec2 p) {
  vec3 q = fract(vec3(p.xyx) * 0.1031);
  q += dot(q, q.yzx + 33.33);
  return fract((q.x + q.y) * q.z);
}

// Smooth random hills, -1..1, about one to a unit.
float noise(vec2 p) {
  vec2 cell = floor(p), f = fract(p);
  f = f * f * (3.0 - 2.0 * f);
  float top = mix(hash(cell), hash(cell + vec2(1, 0)), f.x);
  float bottom = mix(hash(cell + vec2(0, 1)), hash(cell + vec2(1, 1)), f.x);
  return mix(top, bottom, f.y) * 2.0 - 1.0;
}

// How much of a rectangle (left, top, width, height) is seen from p through a lens that blurs by `soft` pixels.
float blurred_box(vec2 p, vec4 box, float soft) {
  vec4 far = vec4(p - box.xy, box.xy + box.zw - p) * (1.7 / soft);
  vec4 side = 1.0 / (1.0 + exp(-clamp(far, -30.0, 30.0)));
  return side.x * side.y * side.z * side.w;
}

// The pool of light of the two lamps, 0..1: its upper rim is sharper than its foot.
float pool(vec2 p) {
  vec2 q = (p - picture.xy - picture.zw * vec2(0.5, 0.44)) / (picture.w + 2.0 * moulding);
  float height = q.y < 0.0 ? 0.56 : 0.90;
  vec2 left = vec2(q.x + 0.20, q.y / height), right = vec2(q.x - 0.20, q.y / height);
  return 0.54 * (exp(-dot(left, left) * 1.12) + exp(-dot(right, right) * 1.12));
}

vec3 light(vec2 p) { return LAMP * 1.24 * pool(p) + DAYLIGHT * 0.095; }

vec3 display(vec3 linear) { return pow(max(linear, 0.0), vec3(1.0 / 2.2)); }
