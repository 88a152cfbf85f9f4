// Slides, and what Reveal.js says to frames in them: `slide:start` when theirs comes, `slide:stop` when it goes.

const slides = [...document.querySelectorAll('section')];
let at = 0;

const tell = (slide, text) => slide.querySelectorAll('iframe').forEach(frame => frame.contentWindow.postMessage(text, '*'));

function go(to) {
  if (to < 0 || to >= slides.length) return;
  tell(slides[at], 'slide:stop');
  at = to;
  slides.forEach((slide, number) => slide.classList.toggle('is-shown', number === at));
  document.querySelector('#where').textContent = `${at + 1} of ${slides.length}`;
  tell(slides[at], 'slide:start');
}

document.querySelector('#back').onclick = () => go(at - 1);
document.querySelector('#next').onclick = () => go(at + 1);
addEventListener('keydown', ({ key }) => {
  if (key === 'ArrowRight') go(at + 1);
  if (key === 'ArrowLeft') go(at - 1);
});
go(0);
