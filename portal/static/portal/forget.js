// After signing out nothing stays on this device, in browsers too that pass over Clear-Site-Data.
try {
  localStorage.removeItem('waymark.saved');
  for (const store of [localStorage, sessionStorage]) {
    for (const key of Object.keys(store).filter((name) => /^waymark\.(note|typed)\./.test(name))) {
      store.removeItem(key);
    }
  }
} catch {
  // Nothing can be stored here, so nothing was.
}
