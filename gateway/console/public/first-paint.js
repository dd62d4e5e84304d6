// Runs before the first paint, so that a dark room's screen never flashes white and readers hear the right language.
(function () {
  var scheme = localStorage.getItem('console-scheme');
  var dark = window.matchMedia('(prefers-color-scheme: dark)').matches;
  var chosen = scheme === 'dark' || scheme === 'light' ? scheme : dark ? 'dark' : 'light';
  document.documentElement.setAttribute('data-mantine-color-scheme', chosen);
  var language = localStorage.getItem('console-language') || navigator.language || 'en';
  document.documentElement.lang = language.toLowerCase().indexOf('zh') === 0 ? 'zh-CN' : 'en';
})();
