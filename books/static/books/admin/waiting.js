// A page that waits for work to end: it looks again every two seconds.

setTimeout(() => location.reload(), 2000);
