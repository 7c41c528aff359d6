import { Service } from '@angular/core';

/** The box of the open conversation, for whoever sends a person there to write. */
@Service()
export class WritingPlace {
  /** Where no keyboard would rise and push the messages away, writing can begin at once. */
  readonly isAtHand = !matchMedia('(hover: none) and (pointer: coarse)').matches;
  private box?: () => void;

  /** A box is there, and what puts the focus into it. Answers what says that it is gone. */
  open(focus: () => void): () => void {
    this.box = focus;
    return () => {
      if (this.box === focus) this.box = undefined;
    };
  }

  /** Writing begins: somebody came here for it. */
  begin(): void {
    if (this.isAtHand) this.focus();
  }

  focus(): void {
    this.box?.();
  }
}
