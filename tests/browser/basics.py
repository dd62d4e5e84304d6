"""What every page owes to people who do not see or point: found in the page itself, without any foreign tool."""

from playwright.async_api import Page

BASICS = """
() => {
  const found = [];
  const named = (element) =>
    [element.getAttribute('aria-label'), element.getAttribute('title'), element.textContent]
      .some((text) => text && text.trim()) ||
    (element.getAttribute('aria-labelledby') || '').split(' ').some((id) => id && document.getElementById(id));
  const shown = (element) => element.checkVisibility();
  const say = (element, what) => found.push(what + ': ' + element.outerHTML.slice(0, 160));
  const root = document.documentElement;
  if (!['zh-CN', 'en'].includes(root.lang)) found.push('no language: ' + root.lang);
  if (!document.title) found.push('no title');
  if (document.querySelectorAll('main').length !== 1) found.push('not exactly one main');
  if (document.querySelectorAll('h1').length !== 1) found.push('not exactly one h1');
  for (const image of document.images) if (!image.hasAttribute('alt')) say(image, 'image without alt');
  for (const one of document.querySelectorAll('button, a[href], [role=tab], [role=radio]'))
    if (shown(one) && !named(one)) say(one, 'without a name');
  for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
    if (shown(field) && !field.labels.length && !named(field)) say(field, 'field without a label');
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push('id used twice: ' + id);
  if (root.scrollWidth > innerWidth) found.push('scrolls sideways: ' + root.scrollWidth);
  return found;
}
"""


async def basics(page: Page) -> list[str]:
    """What is wrong with ``page``; empty is good."""
    found: list[str] = await page.evaluate(BASICS)
    return found
