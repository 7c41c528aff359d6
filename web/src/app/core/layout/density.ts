import { DOCUMENT, inject, Service, signal } from '@angular/core';

export type Density = 'comfortable' | 'compact';

/** Read by theme.js before the first paint of the next visit. */
const KEY = 'hubbub.density';

/** How much room messages take. */
@Service()
export class DensityStore {
  private readonly document = inject(DOCUMENT);
  private readonly densitySignal = signal<Density>(
    this.document.documentElement.dataset['density'] === 'compact' ? 'compact' : 'comfortable',
  );
  readonly density = this.densitySignal.asReadonly();

  choose(density: Density): void {
    this.densitySignal.set(density);
    const root = this.document.documentElement;
    const storage = this.document.defaultView?.localStorage;
    if (density === 'compact') {
      root.dataset['density'] = density;
      storage?.setItem(KEY, density);
    } else {
      delete root.dataset['density'];
      storage?.removeItem(KEY);
    }
  }
}
