/** Closer to the end than this counts as being at the end. */
const END_PX = 100;
/** Rows that stay for as long as they are loaded; days, dividers and gaps come and go. */
const LASTING = 'app-message-row[data-key], app-note-row[data-key]';

interface Anchor {
  key: string;
  top: number;
}

/**
 * Keeps a scrolled list still while its content changes: at the end it follows the end, anywhere else the row being
 * read stays where it is. Rows are recognised by their `data-key`.
 */
export class ScrollKeeper {
  private anchor?: Anchor;
  private following = true;
  /** Where this class has put the view: that is nobody's scrolling, and no new anchor, so that roundings never add up. */
  private ownTop?: number;

  /** `hasEnd` says whether the last row of all is in the document, so that there is an end to follow. */
  constructor(
    private readonly scroller: HTMLElement,
    private readonly hasEnd: () => boolean,
    private readonly scrolled: () => void,
  ) {}

  get atEnd(): boolean {
    return this.following;
  }

  /** How many heights of the view lie between it and the end of what is in the document. */
  get screensBelow(): number {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return clientHeight > 0 ? (scrollHeight - scrollTop - clientHeight) / clientHeight : 0;
  }

  /** How many heights of the view lie above it. */
  get screensAbove(): number {
    const { scrollTop, clientHeight } = this.scroller;
    return clientHeight > 0 ? scrollTop / clientHeight : 0;
  }

  /** The row that stays where it is. */
  get anchorKey(): string | undefined {
    return this.anchor?.key;
  }

  /** After the reader scrolled: remembers where. */
  remember(): void {
    if (this.scroller.scrollTop !== this.ownTop) {
      this.ownTop = undefined;
      this.note();
    }
    this.scrolled();
  }

  /** After content or size changed, before it is painted: puts the view back. */
  settle(): void {
    if (this.following) this.put(this.scroller.scrollHeight);
    else {
      const row = this.anchor && this.row(this.anchor.key);
      const drift = row && this.anchor ? this.offset(row) - this.anchor.top : 0;
      if (Math.abs(drift) >= 0.5) this.put(this.scroller.scrollTop + drift);
      else if (!row) this.note();
    }
    if (this.following || !this.anchor) this.anchor = this.firstVisible();
    this.scrolled();
  }

  toEnd(): void {
    this.following = true;
    this.settle();
  }

  /** Leaves the end: what is looked at stays in view. */
  hold(): void {
    this.following = false;
    this.anchor = this.firstVisible();
  }

  /** Brings a row to a third of the view, if it is there. */
  toRow(key: string): HTMLElement | undefined {
    const row = this.row(key);
    if (!row) return undefined;
    this.scroller.scrollTop += this.offset(row) - this.scroller.clientHeight / 3;
    this.note();
    // The row itself is what must not move, whatever is loaded around it.
    if (!this.following) this.anchor = { key, top: this.offset(row) };
    this.ownTop = this.scroller.scrollTop;
    this.scrolled();
    return row;
  }

  /** Whether a row lies above what is seen; nothing if it is not in the document. */
  isAbove(key: string): boolean | undefined {
    const row = this.row(key);
    return row && this.offset(row) + row.offsetHeight <= 0;
  }

  private put(top: number): void {
    this.scroller.scrollTop = top;
    this.ownTop = this.scroller.scrollTop;
  }

  private note(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.following = scrollHeight - scrollTop - clientHeight < END_PX && this.hasEnd();
    this.anchor = this.firstVisible();
  }

  /** The first row that is seen whole, or else the last that begins above. */
  private firstVisible(): Anchor | undefined {
    let partly: Anchor | undefined;
    for (const row of this.scroller.querySelectorAll<HTMLElement>(LASTING)) {
      const top = this.offset(row);
      const anchor = { key: row.dataset['key'] ?? '', top };
      if (top >= 0) return top < this.scroller.clientHeight ? anchor : (partly ?? anchor);
      partly = anchor;
    }
    return partly;
  }

  private row(key: string): HTMLElement | undefined {
    return this.scroller.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`) ?? undefined;
  }

  private offset(row: HTMLElement): number {
    return row.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
  }
}
