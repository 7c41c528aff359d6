/** Closer to the end than this counts as being at the end. */
const END_PX = 100;

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

  constructor(
    private readonly scroller: HTMLElement,
    private readonly scrolled: () => void,
  ) {}

  get atEnd(): boolean {
    return this.following;
  }

  /** How many heights of the view lie between it and the end. */
  get screensFromEnd(): number {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return clientHeight > 0 ? (scrollHeight - scrollTop - clientHeight) / clientHeight : 0;
  }

  /** How many heights of the view lie above it. */
  get screensFromStart(): number {
    const { scrollTop, clientHeight } = this.scroller;
    return clientHeight > 0 ? scrollTop / clientHeight : 0;
  }

  /** After the reader, or this class, scrolled: remembers where. */
  remember(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.following = scrollHeight - scrollTop - clientHeight < END_PX;
    this.anchor = this.firstVisible();
    this.scrolled();
  }

  /** After content or size changed, before it is painted: puts the view back. */
  settle(): void {
    if (this.following) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
    } else if (this.anchor) {
      const row = this.row(this.anchor.key);
      if (row) this.scroller.scrollTop += this.offset(row) - this.anchor.top;
    }
    this.remember();
  }

  toEnd(): void {
    this.following = true;
    this.settle();
  }

  /** Brings a row to a third of the view, if it is there. */
  toRow(key: string): HTMLElement | undefined {
    const row = this.row(key);
    if (!row) return undefined;
    this.scroller.scrollTop += this.offset(row) - this.scroller.clientHeight / 3;
    this.remember();
    return row;
  }

  private firstVisible(): Anchor | undefined {
    for (const row of this.scroller.querySelectorAll<HTMLElement>('[data-key]')) {
      const top = this.offset(row);
      if (top + row.offsetHeight > 0) return { key: row.dataset['key'] ?? '', top };
    }
    return undefined;
  }

  private row(key: string): HTMLElement | undefined {
    return this.scroller.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`) ?? undefined;
  }

  private offset(row: HTMLElement): number {
    return row.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
  }
}
