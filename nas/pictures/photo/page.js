"use strict";
// Draws the mesh from where the eye is. At rest, in the middle, every vertex lies where the picture has it.

const VERTEX = `#version 300 es
uniform vec2 eye, size;          // eye in [-1, 1]; size of the picture in pixels
uniform vec4 grid;               // columns, rows, pixels of a cell, cells of the border
uniform vec3 move;               // pixels of travel, parallax of what stays in place, hidden layers
in vec4 corner;                  // x, y in cells, parallax, layer
out vec2 place;
void main() {
  vec2 at = (corner.xy - grid.w) * grid.z - eye * move.x * (corner.z - move.y);
  gl_Position = vec4(2.0 * at.x / size.x - 1.0, 1.0 - 2.0 * at.y / size.y, 0.9 - 1.8 * corner.z, 1.0);
  float row = corner.w > 0.5 ? (corner.y + (corner.w - 1.0) * grid.y) / move.z : corner.y;
  place = vec2(corner.x / grid.x, row / grid.y);
}`;
const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D colours;
in vec2 place;
out vec4 colour;
void main() { colour = vec4(texture(colours, place).rgb, 1.0); }`;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KEY_STEP = 0.25, TILT_DEGREES = 15, ARRIVED = 1e-3;
const EASE = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1 : 0.2;  // of the way, each frame

const frame = document.getElementById("frame"), canvas = frame.querySelector("canvas");
const said = document.getElementById("said"), tilt = document.getElementById("tilt");
const facts = JSON.parse(document.getElementById("facts").textContent);
const eye = { x: 0, y: 0 }, goal = { x: 0, y: 0 };
let draw = null, waiting = false, dragged = null, level = null;

async function mesh() {
  const packed = Uint8Array.from(atob(document.getElementById("mesh").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const steps = new Int32Array(await new Response(stream).arrayBuffer());
  const columns = [];
  let start = 0;
  for (const length of [facts.vertices, facts.vertices, facts.vertices, facts.vertices, facts.indices]) {
    const column = steps.subarray(start, start + length);
    for (let i = 1; i < length; i++) column[i] += column[i - 1];
    columns.push(column);
    start += length;
  }
  const corners = new Float32Array(4 * facts.vertices);
  for (let i = 0; i < facts.vertices; i++) {
    corners[4 * i] = columns[0][i] / 2;
    corners[4 * i + 1] = columns[1][i] / 2;
    corners[4 * i + 2] = columns[2][i] / facts.finest;
    corners[4 * i + 3] = columns[3][i];
  }
  return { corners, indices: new Uint32Array(columns[4]) };
}

function program(gl) {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made));
  gl.useProgram(made);
  return made;
}

function texture(gl, image) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
  gl.generateMipmap(gl.TEXTURE_2D);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  return made;
}

function drawing(gl, { corners, indices }, images) {
  const made = program(gl), at = (name) => gl.getUniformLocation(made, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, corners, gl.STATIC_DRAW);
  const corner = gl.getAttribLocation(made, "corner");
  gl.enableVertexAttribArray(corner);
  gl.vertexAttribPointer(corner, 4, gl.FLOAT, false, 0, 0);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
  gl.enable(gl.DEPTH_TEST);
  gl.uniform2f(at("size"), facts.width, facts.height);
  gl.uniform4f(at("grid"), facts.columns, facts.rows, facts.cell, facts.border);
  gl.uniform3f(at("move"), facts.travel * facts.width, facts.pivot, facts.layers);
  const textures = images.map((image) => texture(gl, image));
  const parts = [[0, facts.front], [facts.front, facts.indices - facts.front]];
  return () => {
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniform2f(at("eye"), eye.x, eye.y);
    parts.forEach(([start, count], i) => {
      gl.bindTexture(gl.TEXTURE_2D, textures[i]);
      gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_INT, 4 * start);
    });
  };
}

function fit() {
  const scale = Math.min(innerWidth / facts.width, innerHeight / facts.height);
  const [width, height] = [facts.width * scale, facts.height * scale];
  frame.style.width = `${width}px`;
  frame.style.height = `${height}px`;
  canvas.width = Math.max(1, Math.round(width * devicePixelRatio));
  canvas.height = Math.max(1, Math.round(height * devicePixelRatio));
  const plain = document.getElementById("picture");  // shown where nothing can be drawn
  const cells = facts.cell * scale;
  plain.style.width = `${facts.columns * cells}px`;
  plain.style.left = plain.style.top = `${-facts.border * cells}px`;
  later();
}

function later() {
  frame.dataset.still = "";
  if (!waiting && draw) {
    waiting = true;
    requestAnimationFrame(step);
  }
}

function step() {
  waiting = false;
  const far = Math.hypot(goal.x - eye.x, goal.y - eye.y);
  const share = far < ARRIVED ? 1 : EASE;
  eye.x += share * (goal.x - eye.x);
  eye.y += share * (goal.y - eye.y);
  draw();
  if (share === 1) frame.dataset.still = `${goal.x} ${goal.y}`;
  else later();
}

function look(x, y) {
  goal.x = Math.min(1, Math.max(-1, x));
  goal.y = Math.min(1, Math.max(-1, y));
  said.classList.add("gone");
  later();
}

frame.addEventListener("pointermove", (event) => {
  const box = frame.getBoundingClientRect();
  if (dragged) {  // a finger takes the picture with it
    const [x, y] = [event.clientX - dragged.x, event.clientY - dragged.y];
    look(dragged.eyeX - (4 * x) / box.width, dragged.eyeY - (4 * y) / box.height);
  } else if (event.pointerType === "mouse") {
    look((2 * (event.clientX - box.left)) / box.width - 1, (2 * (event.clientY - box.top)) / box.height - 1);
  }
});
frame.addEventListener("pointerdown", (event) => {
  if (event.pointerType !== "mouse") dragged = { x: event.clientX, y: event.clientY, eyeX: goal.x, eyeY: goal.y };
});
for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, () => { dragged = null; });
frame.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") look(0, 0); });
addEventListener("keydown", (event) => {
  if (event.key === "Home" || event.key === "Escape") look(0, 0);
  else if (KEYS[event.key]) look(goal.x + KEY_STEP * KEYS[event.key][0], goal.y + KEY_STEP * KEYS[event.key][1]);
  else return;
  event.preventDefault();
});
function tilted(event) {
  if (event.beta === null || event.gamma === null || dragged) return;
  level ??= { beta: event.beta, gamma: event.gamma };  // however the device is held at first is level
  look((event.gamma - level.gamma) / TILT_DEGREES, (event.beta - level.beta) / TILT_DEGREES);
}
const asks = typeof DeviceOrientationEvent !== "undefined" && DeviceOrientationEvent.requestPermission;
if (asks && matchMedia("(pointer: coarse)").matches) {
  tilt.hidden = false;  // iOS asks its user, and only after a tap
  tilt.addEventListener("click", async () => {
    tilt.hidden = true;
    if ((await DeviceOrientationEvent.requestPermission()) === "granted") addEventListener("deviceorientation", tilted);
  });
} else {
  addEventListener("deviceorientation", tilted);
}
addEventListener("resize", fit);

async function start() {
  const gl = canvas.getContext("webgl2", { antialias: true, alpha: false });
  const images = ["picture", "hidden"].map((id) => document.getElementById(id));
  await Promise.all(images.map((image) => image.decode()));
  fit();
  if (!gl || typeof DecompressionStream === "undefined") {
    frame.classList.add("plain");
    said.textContent = "This browser cannot draw the picture in 3D (it needs WebGL 2), so it is shown flat.";
    return;
  }
  draw = drawing(gl, await mesh(), images);
  canvas.addEventListener("webglcontextlost", () => location.reload());
  fit();
}
start();
