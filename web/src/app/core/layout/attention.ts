import { DOCUMENT, inject, Service, signal } from '@angular/core';

/** Whether somebody is looking: only then is a message read. */
@Service()
export class Attention {
  private readonly document = inject(DOCUMENT);
  private readonly attentiveSignal = signal(this.isAttentive());
  readonly attentive = this.attentiveSignal.asReadonly();

  constructor() {
    const update = () => {
      this.attentiveSignal.set(this.isAttentive());
    };
    this.document.addEventListener('visibilitychange', update);
    this.document.defaultView?.addEventListener('focus', update);
    this.document.defaultView?.addEventListener('blur', update);
  }

  private isAttentive(): boolean {
    return this.document.visibilityState === 'visible' && this.document.hasFocus();
  }
}
