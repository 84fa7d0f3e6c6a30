// What this browser keeps for the reader. It may refuse to, for a page from a file, or be full: then nothing is kept.
function keep(key, text) {
  try {
    if (localStorage.getItem(key) !== text) localStorage.setItem(key, text);
    return true;
  } catch {
    return false;
  }
}

function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
