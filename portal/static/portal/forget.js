// After signing out nothing stays on this device, in browsers too that pass over Clear-Site-Data.
try {
  localStorage.removeItem('waymark.saved');
} catch {
  // Nothing can be stored here, so nothing was.
}
