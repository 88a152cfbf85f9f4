// The peer of the stage: PixiJS 8's ParticleContainer with as many particles as there are requests, all of which
// move in every frame. `?count=`, `radius=`, `width=` and `height=` in CSS pixels.

import { Application, Graphics, Particle, ParticleContainer } from './node_modules/pixi.js/dist/pixi.min.mjs';

const asked = new URLSearchParams(location.search);
const [count, radius, width, height] = ['count', 'radius', 'width', 'height'].map(name => Number(asked.get(name)));

const app = new Application();
await app.init({ width, height, resolution: devicePixelRatio, autoDensity: true, preference: 'webgl', background: 0xffffff });
document.body.append(app.canvas);

const texture = app.renderer.generateTexture(new Graphics().circle(0, 0, radius).fill(0x0072b2));
// Only places change: the fastest that it can be set to.
const dynamicProperties = { position: true, vertex: false, rotation: false, uvs: false, color: false };
const container = new ParticleContainer({ dynamicProperties });

// Park and Miller's generator: the same places in every run.
let seed = 1;
const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
const particles = Array.from({ length: count }, () => {
  const particle = new Particle({ texture, x: random() * width, y: random() * height, anchorX: 0.5, anchorY: 0.5 });
  particle.step = 0.2 + random();
  container.addParticle(particle);
  return particle;
});
app.stage.addChild(container);
app.ticker.add(() => {
  for (const particle of particles) {
    particle.x += particle.step;
    if (particle.x > width) particle.x -= width;
  }
});
globalThis.__ready = true;
