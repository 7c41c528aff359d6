// Runs before the first paint, so that a chosen theme never flashes. A file of its own, because the page's
// security policy allows no inline script. The values are written by core/layout/theme.ts.
(() => {
  const theme = localStorage.getItem('hubbub.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  if (localStorage.getItem('hubbub.density') === 'compact') {
    document.documentElement.dataset.density = 'compact';
  }
})();
