// Reloads the page every two seconds while it waits for a task to end.

setTimeout(() => location.reload(), 2000);
