// The composer: counted as the channel counts, told in how many messages it leaves, kept as a draft, shut with the window.

import { byId, parsed, post, said, session } from './page.js';
import { showFiles } from './files.js';

const DRAFT_AFTER_MS = 1200;
const MOST_PARTS = 20;
const LEAST_FULL = 0.5;
const BREAKS = ['\n\n', '\n', '. ', ' '];
const encoder = new TextEncoder();
const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const counted = {
  characters: (text) => [...text].length,
  bytes: (text) => encoder.encode(text).length,
  units: (text) => text.length,
};
const unsaved = new Map(); // conversation -> the text of a draft the server does not have yet

export const count = (form) => counted[form.dataset.counts](form.elements.text.value);

// As konectus/domain/splitting.py cuts, so that the number told before the click is the number that leaves.
export function parts(form) {
  const length = counted[form.dataset.counts];
  const limit = Number(form.dataset.limit);
  let text = form.elements.text.value;
  let found = 0;
  while (found <= MOST_PARTS && length(text) > limit) {
    const end = cut(text, limit, length);
    if (!isBlank(text.slice(0, end))) found += 1;
    text = withoutSpace(text.slice(end));
  }
  return isBlank(text) && found ? found : found + 1;
}

// White space as Python knows it.
const isBlank = (text) => /^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/.test(text);

function withoutSpace(text) {
  for (const { segment, index } of letters.segment(text)) if (!isBlank(segment)) return text.slice(index);
  return '';
}

function cut(text, limit, length) {
  const ends = new Set();
  let left = limit;
  let last = 0;
  for (const { segment, index } of letters.segment(text)) {
    left -= length(segment);
    if (left < 0) break;
    last = index + segment.length;
    ends.add(last);
  }
  if (!last) return inside(text, limit, length);
  const least = Math.floor(counted.characters(text.slice(0, last)) * LEAST_FULL);
  for (const sign of BREAKS) {
    const found = text.lastIndexOf(sign, last - 1);
    const end = found + sign.replace(/ $/, '').length;
    if (found > 0 && ends.has(end) && counted.characters(text.slice(0, found)) >= least) return end;
  }
  return last;
}

// One character of a thousand accents: only there is a cut between code points.
function inside(text, limit, length) {
  let end = 0;
  for (const sign of text) {
    limit -= length(sign);
    if (limit < 0) return end || sign.length;
    end += sign.length;
  }
  return end;
}

export const isTooLong = (form) => parts(form) > MOST_PARTS;

export function showCount(form) {
  const limit = form.querySelector('.limit');
  const line = form.querySelector('.parts-line');
  const isOver = count(form) > Number(form.dataset.limit);
  const found = isOver ? parts(form) : 1;
  limit.textContent = `${count(form)} / ${form.dataset.limit}`;
  limit.classList.toggle('tone-danger', found > MOST_PARTS);
  line.hidden = !isOver;
  line.classList.toggle('tone-danger', found > MOST_PARTS);
  const words = found > MOST_PARTS ? said('tooLong') : isOver ? said('parts').replace('{n}', found) : '';
  if (line.textContent !== words) line.textContent = words;
}

let draftTimer;
let draftsSaved = Promise.resolve();
export const whenSaved = () => draftsSaved; // a draft that arrives after its reply would come back as one

export function typed(form) {
  showCount(form);
  unsaved.set(form.dataset.conversation, form.elements.text.value);
  clearTimeout(draftTimer);
  draftTimer = setTimeout(saveDrafts, DRAFT_AFTER_MS);
}

export const forgetDraft = (conversation) => unsaved.delete(conversation);
export const forgetDrafts = () => unsaved.clear();

export function saveDrafts() {
  for (const [conversation, text] of unsaved) {
    unsaved.delete(conversation);
    const saved = post(`/inbox/c/${conversation}/draft`, { text }, { keepalive: text.length < 15000 }).catch(() => {
      if (!unsaved.has(conversation)) unsaved.set(conversation, text);
    });
    draftsSaved = Promise.all([draftsSaved, saved]);
  }
}

let shutTimer;
export function composerShown() {
  const form = byId('composer');
  clearTimeout(shutTimer);
  if (form?.elements.text) {
    showCount(form);
    showFiles(form);
  }
  const left = Number(form?.dataset.refreshIn) * 1000; // the server's distance: its clock may not be ours
  if (left > 0 && left < 2 ** 31) shutTimer = setTimeout(refreshComposer, left + 500);
}

// Only what the window and the channel decide changes under an agent's hands; the text, the cursor and the focus stay.
export async function refreshComposer() {
  const former = byId('composer');
  if (!former || session.ended) return;
  const answer = await fetch(former.dataset.refresh, { headers: { 'HX-Request': 'true' } }).catch(() => null);
  if (!answer?.ok || byId('composer') !== former) return;
  const [form] = parsed(await answer.text());
  if (former.elements.text && form.elements.text) {
    for (const part of ['.box-notices', '.bar', '.tools .btn.primary', '.note-line']) former.querySelector(part).replaceWith(form.querySelector(part));
    Object.assign(former.dataset, form.dataset);
  } else former.replaceWith(form);
  composerShown();
}
