import {
  afterNextRender,
  Component,
  DestroyRef,
  ElementRef,
  inject,
  input,
  output,
  viewChild,
} from '@angular/core';
import { Icon } from '../icon/icon';
import { TEXTS } from '../texts';

let count = 0;

/**
 * A modal dialog on the browser's own element, which keeps the focus inside and gives it back. It begins
 * at the first `data-first-focus` in the content.
 */
@Component({
  selector: 'app-dialog-frame',
  imports: [Icon],
  template: `
    <dialog #dialog [attr.aria-labelledby]="id" (close)="closed.emit()" (mousedown)="press($event)">
      <header>
        <h2 [id]="id">{{ heading() }}</h2>
        <button
          type="button"
          class="icon-button"
          [attr.aria-label]="texts.close"
          (click)="dialog.close()"
        >
          <app-icon name="close" [size]="20" />
        </button>
      </header>
      <div class="body"><ng-content /></div>
    </dialog>
  `,
  styleUrl: './dialog-frame.scss',
})
export class DialogFrame {
  readonly heading = input.required<string>();
  readonly closed = output();

  protected readonly texts = TEXTS.dialog;
  protected readonly id = `dialog-${String(++count)}`;
  private readonly element = viewChild.required<ElementRef<HTMLDialogElement>>('dialog');

  constructor() {
    afterNextRender(() => {
      const dialog = this.element().nativeElement;
      dialog.showModal();
      dialog.querySelector<HTMLElement>('[data-first-focus]')?.focus();
    });
    const destroyed = inject(DestroyRef);
    destroyed.onDestroy(() => {
      // Closed while still in the page, so that the focus goes back to where it came from.
      this.element().nativeElement.close();
    });
  }

  /** Closes at once, so that what comes next can take the focus. */
  close(): void {
    this.element().nativeElement.close();
  }

  /** A press on the backdrop reaches the dialog itself; one inside reaches what is pressed. */
  protected press(event: MouseEvent): void {
    const dialog = this.element().nativeElement;
    if (event.target === dialog) dialog.close();
  }
}
