import { Component, DOCUMENT, effect, ElementRef, inject, input } from '@angular/core';
import { IconName, ICONS } from './icons';

const SVG = 'http://www.w3.org/2000/svg';

/**
 * A line icon, for the eye alone: what it means is said by the control that it sits in. Drawn from Lucide's shapes
 * directly, since Lucide's Angular package compiles to five kilobytes for each icon.
 */
@Component({
  selector: 'app-icon',
  template: '',
  host: { 'aria-hidden': 'true', '[style.--icon-size.px]': 'size()' },
  styles: `
    :host {
      flex: none;
      display: inline-grid;
      width: var(--icon-size);
      height: var(--icon-size);
    }
  `,
})
export class Icon {
  readonly name = input.required<IconName>();
  readonly size = input(18);

  constructor() {
    const document = inject(DOCUMENT);
    const host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
    effect(() => {
      host.replaceChildren(draw(document, this.name()));
    });
  }
}

function draw(document: Document, name: IconName): SVGElement {
  const svg = element(document, 'svg', {
    viewBox: '0 0 24 24',
    fill: 'none',
    stroke: 'currentColor',
    'stroke-width': '2',
    'stroke-linecap': 'round',
    'stroke-linejoin': 'round',
  });
  for (const [tag, attributes] of ICONS[name]) svg.append(element(document, tag, attributes));
  return svg;
}

function element(
  document: Document,
  tag: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
): SVGElement {
  const created = document.createElementNS(SVG, tag) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, String(value));
  return created;
}
