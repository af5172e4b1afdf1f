// A reader throws two digits, and the transport model predicts where they go: see ../play.qmd.
// The numbers and the law are those of 02_trajectories, where positions are whole numbers of which UNIT are the
// way from wall to wall. Such numbers are exact in JavaScript too, so both languages make the same frames.
const SIZE = 64, DIGIT = 28, FREE = SIZE - DIGIT, FRAMES = 10
const UNIT = 2 ** 32, SPEED = .1
const PEN = 1.3                                          // half the width of a stroke, in pixels
const COLOURS = ['#ffb000', '#4aa8ff']                   // of the arrows

const $ = id => document.getElementById(id)
const range = n => [...Array(n).keys()]
const clamp = (x, lo, hi) => Math.min(hi, Math.max(lo, x))
const make = (tag, props = {}, ...children) => {
  const o = Object.assign(document.createElement(tag), props)
  o.append(...children)
  return o
}

// ---------------------------------------------------------------- digits, made of strokes

// Part of an ellipse, from one angle to another in degrees; 0 is to the right, 90 is down
const arc = (cx, cy, rx, ry, from, to) => range(25).map(i => {
  const a = (from + (to - from) * i / 24) * Math.PI / 180
  return [cx + rx * Math.cos(a), cy + ry * Math.sin(a)]
})

const READY = [
  [arc(14, 14, 6, 9, -90, 270)],
  [[[11, 8], [15, 5], [14, 23]]],
  [[...arc(14, 10, 6, 5.5, -170, 40), [8, 23], [21, 22]]],
  [[...arc(13, 9.5, 5.5, 4.5, -150, 90), ...arc(13, 18.5, 6.5, 4.5, -90, 150)]],
  [[[11, 5], [8, 15], [20, 15]], [[18, 7], [17, 23]]],
  [[[20, 5], [11, 6], [10, 12], ...arc(13, 17, 6, 5.5, -90, 150)]],
  [[[17, 5], [11, 11], ...arc(14, 17.5, 5, 5.5, -180, 180)]],
  [[[8, 6], [20, 6], [12, 23]]],
  [arc(14, 9.5, 4.5, 4.5, 90, 450), arc(14, 18.5, 5.5, 4.5, -90, 270)],
  [[...arc(14, 10.5, 5, 5.5, 0, 360), [18, 16], [16, 23]]],
]

function distance(x, y, [ax, ay], [bx, by]) {            // from a point to a segment
  const dx = bx - ax, dy = by - ay
  const t = clamp(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1), 0, 1)
  return Math.hypot(x - ax - t * dx, y - ay - t * dy)
}

function drawStrokes(strokes) {                          // 28x28 bytes, soft at the edges
  const sprite = new Uint8Array(DIGIT * DIGIT)
  for (const stroke of strokes) stroke.forEach((b, i) => {
    const a = stroke[Math.max(0, i - 1)]
    for (const k of sprite.keys()) {
      const d = distance(k % DIGIT + .5, Math.floor(k / DIGIT) + .5, a, b)
      sprite[k] = Math.max(sprite[k], Math.round(255 * clamp(PEN + .5 - d, 0, 1)))
    }
  })
  return sprite
}

function centred(strokes) {                              // with the centre of mass in the middle, as MNIST has it
  const sprite = drawStrokes(strokes)
  let mass = 0, x = 0, y = 0
  sprite.forEach((v, k) => { mass += v; x += v * (k % DIGIT + .5); y += v * (Math.floor(k / DIGIT) + .5) })
  if (!mass) return strokes
  return strokes.map(stroke => stroke.map(([px, py]) => [px + DIGIT / 2 - x / mass, py + DIGIT / 2 - y / mass]))
}

// ---------------------------------------------------------------- the law, and frames

function bounce(p, step, n) {                            // places at frames 1 to n, on one axis
  return range(n).map(() => {
    p += step
    if (p <= 0) { p = 0; step = -step }                  // what goes beyond a wall is lost
    else if (p >= UNIT) { p = UNIT; step = -step }
    return p
  })
}

const toPixels = p => Math.floor(p * FREE / UNIT)

function drawFrame(sprites, corners) {                   // 64x64 bytes; where digits overlap the brighter one counts
  const frame = new Uint8Array(SIZE * SIZE)
  sprites.forEach((sprite, d) => sprite.forEach((v, k) => {
    const at = (corners[d][1] + Math.floor(k / DIGIT)) * SIZE + corners[d][0] + k % DIGIT
    frame[at] = Math.max(frame[at], v)
  }))
  return frame
}

const stepOf = digit => {
  const a = digit.angle * Math.PI / 180
  return [Math.round(SPEED * UNIT * Math.cos(a)), Math.round(SPEED * UNIT * Math.sin(a))]
}

function clipOf(digits) {                                // twenty frames
  const paths = digits.map(o => stepOf(o).map((step, axis) => bounce(o.pos[axis], step, 2 * FRAMES)))
  return range(2 * FRAMES).map(t => drawFrame(digits.map(o => o.sprite), paths.map(path => path.map(p => toPixels(p[t])))))
}

// ---------------------------------------------------------------- the model

let session = null, ort = null

async function load() {
  ort = await import('./ort.wasm.bundle.min.mjs')
  ort.env.wasm.numThreads = 1
  ort.env.wasm.wasmPaths = { wasm: new URL('ort-wasm-simd-threaded.wasm', import.meta.url).href }
  session = await ort.InferenceSession.create(new URL('transport.onnx', import.meta.url).href)
}

async function predict(seen) {                           // ten frames of bytes -> ten frames of numbers, 0 is black, 1 is white
  const pixels = new Float32Array(FRAMES * SIZE * SIZE)
  seen.forEach((frame, t) => frame.forEach((v, k) => { pixels[t * SIZE * SIZE + k] = v / 255 }))
  const frames = new ort.Tensor('float32', pixels, [FRAMES, 1, 1, SIZE, SIZE])
  const { forecast } = await session.run({ frames })
  return range(FRAMES).map(t => forecast.data.slice(t * SIZE * SIZE, (t + 1) * SIZE * SIZE))
}

const errorOf = (frame, forecast) => frame.reduce((sum, v, k) => sum + (v / 255 - forecast[k]) ** 2, 0)
const mean = list => list.reduce((a, b) => a + b, 0) / list.length

// ---------------------------------------------------------------- what the page shows

const digits = [[3, [.15, .1], 35], [5, [.8, .75], 200]].map(([label, [x, y], angle], i) =>
  ({ strokes: READY[label], sprite: drawStrokes(centred(READY[label])), pos: [x * UNIT, y * UNIT].map(Math.round), angle, label, i }))
const state = window.state = { digits, seen: [], truth: [], predicted: [], mse: [], runs: 0 }
let busy = false, again = false, playing = true, t = 0

function paint(canvas, frame, scale = 1) {               // numbers from 0 to `scale` as greys
  if (!frame) return
  const image = new ImageData(canvas.width, canvas.height)
  frame.forEach((v, k) => {
    image.data.fill(Math.round(clamp(v / scale, 0, 1) * 255), 4 * k, 4 * k + 3)
    image.data[4 * k + 3] = 255
  })
  canvas.getContext('2d').putImageData(image, 0, 0)
}

function showField() {                                   // both digits where they start, and which way they go
  const small = make('canvas', { width: SIZE, height: SIZE }), ctx = $('field').getContext('2d'), k = 320 / SIZE
  paint(small, drawFrame(digits.map(o => o.sprite), digits.map(o => o.pos.map(toPixels))), 255)
  ctx.imageSmoothingEnabled = false
  ctx.drawImage(small, 0, 0, 320, 320)
  for (const o of digits) {
    const [x, y] = o.pos.map(p => (toPixels(p) + DIGIT / 2) * k), a = o.angle * Math.PI / 180
    ctx.strokeStyle = ctx.fillStyle = COLOURS[o.i]
    ctx.setTransform(Math.cos(a), Math.sin(a), -Math.sin(a), Math.cos(a), x, y)
    ctx.lineWidth = 3
    ctx.beginPath(); ctx.moveTo(0, 0); ctx.lineTo(48, 0); ctx.stroke()
    ctx.beginPath(); ctx.moveTo(60, 0); ctx.lineTo(46, -7); ctx.lineTo(46, 7); ctx.fill()
    ctx.resetTransform()
  }
}

function showMovie() {
  paint($('seen'), state.seen[t], 255)
  paint($('truth'), state.truth[t], 255)
  paint($('predicted'), state.predicted[t])
  $('frame').value = t + 1
  $('number').value = `${t + 1} and ${FRAMES + t + 1}`
}

function show() {
  for (const o of digits) o.refresh()
  showField()
}

async function update() {                                // after each change; while the model works, only the last one counts
  show()
  if (!session || busy) { again = true; return }
  busy = true
  do {
    again = false
    const clip = clipOf(digits), seen = clip.slice(0, FRAMES), truth = clip.slice(FRAMES)
    const predicted = await predict(seen), mse = truth.map((frame, i) => errorOf(frame, predicted[i]))
    Object.assign(state, { seen, truth, predicted, mse, runs: state.runs + 1 })
  } while (again)
  busy = false
  const empty = mean(state.truth.map(frame => errorOf(frame, new Float32Array(SIZE * SIZE))))
  $('score').textContent = `Mean squared error of the forecast: ${mean(state.mse).toFixed(1)}. Empty frames would have ${empty.toFixed(1)}.`
  showMovie()
}

// ---------------------------------------------------------------- choosing, drawing and throwing

function slider(name, min, max, read, write) {           // a labelled slider, and what brings it up to date
  const input = make('input', { type: 'range', min, max }), out = make('output')
  input.oninput = () => { write(+input.value); update() }
  return [make('label', {}, name, input, out), () => { input.value = read(); out.value = Math.round(read()) }]
}

function panelOf(o) {
  const pad = make('canvas', { className: 'play-pad', width: DIGIT, height: DIGIT, ariaLabel: `Pad to draw digit ${o.i + 1} on` })
  const set = (strokes, label) => Object.assign(o, { strokes, label, sprite: drawStrokes(strokes) })
  const buttons = range(10).map(d =>
    make('button', { type: 'button', textContent: d, onclick: () => { set(centred(READY[d]), d); update() } }))
  const wipe = make('button', { type: 'button', textContent: 'Clear the pad', onclick: () => { set([], null); update() } })
  const sliders = [...['Column', 'Row'].map((name, axis) => slider(name, 0, FREE,
    () => toPixels(o.pos[axis]), v => { o.pos[axis] = Math.min(UNIT, Math.round((v + .5) / FREE * UNIT)) })),
    slider('Direction', 0, 359, () => o.angle, v => { o.angle = v })]
  o.refresh = () => {
    paint(pad, o.sprite, 255)
    buttons.forEach((b, d) => b.setAttribute('aria-pressed', o.label === d))
    for (const [, bring] of sliders) bring()
  }
  pen(pad, o, set)
  return make('fieldset', {}, make('legend', { textContent: `Digit ${o.i + 1}` }), pad,
    make('div', { className: 'play-pick' }, ...buttons, wipe), ...sliders.map(([label]) => label))
}

// Where a pointer is on a canvas, in units of which `n` are its width
const at = (e, canvas, n) => [(e.offsetX / canvas.clientWidth) * n, (e.offsetY / canvas.clientHeight) * n]

function pen(pad, o, set) {
  let own = null                                         // strokes of one's own; the first one takes the ready digit's place
  pad.onpointerdown = e => {
    pad.setPointerCapture(e.pointerId)
    own = [...(o.label === null ? o.strokes : []), [at(e, pad, DIGIT)]]
    set(own, null)
    show()
  }
  pad.onpointermove = e => { if (own) { own.at(-1).push(at(e, pad, DIGIT)); set(own, null); show() } }
  pad.onpointerup = pad.onpointercancel = () => { if (own) { set(centred(own), null); own = null; update() } }
}

function hand(field) {
  let held = null, path = []
  const middle = o => o.pos.map(p => p / UNIT * FREE + DIGIT / 2)
  field.onpointerdown = e => {
    const p = at(e, field, SIZE), away = o => Math.hypot(...middle(o).map((m, i) => m - p[i]))
    held = away(digits[0]) <= away(digits[1]) ? digits[0] : digits[1]
    held.grip = middle(held).map((m, i) => m - p[i])
    path = [p]
    field.setPointerCapture(e.pointerId)
  }
  field.onpointermove = e => {
    if (!held) return
    const p = at(e, field, SIZE)
    path.push(p)
    held.pos = p.map((v, i) => clamp(Math.round((v + held.grip[i] - DIGIT / 2) / FREE * UNIT), 0, UNIT))
    show()
  }
  field.onpointerup = field.onpointercancel = () => {    // the last three pixels of the way say where it goes
    if (!held) return
    const [x, y] = path.at(-1), from = path.findLast(o => Math.hypot(x - o[0], y - o[1]) >= 3)
    if (from) held.angle = (Math.atan2(y - from[1], x - from[0]) * 180 / Math.PI + 360) % 360
    held = null
    update()
  }
}

function throwAtRandom() {
  for (const o of digits) {
    o.pos = [0, 1].map(() => Math.floor(Math.random() * UNIT))
    o.angle = Math.random() * 360
  }
  update()
}

function setPlaying(on) { playing = on; $('go').textContent = on ? 'Pause' : 'Play' }

$('digits').append(...digits.map(panelOf))
hand($('field'))
$('random').onclick = throwAtRandom
$('go').onclick = () => setPlaying(!playing)
$('frame').oninput = () => { setPlaying(false); t = $('frame').value - 1; showMovie() }
setPlaying(!matchMedia('(prefers-reduced-motion: reduce)').matches)
setInterval(() => { if (playing) { t = (t + 1) % FRAMES; showMovie() } }, 200)
update()
try {
  await load()
  $('status').textContent = 'The model is ready.'
  await update()
} catch (e) {
  $('status').textContent = 'The model could not be loaded: .ci/make_play puts it beside this page.'
  console.error(e)
}
