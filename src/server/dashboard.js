"use strict";
/* The page keeps itself up to date: numbers and lines by events, once a second;
 * the tables by being asked for again now and then. */
(function () {
	const MOST = 600, WIDTH = 600, HEIGHT = 48;
	const root = document.documentElement;
	const source = new EventSource("events");
	let series = [];

	function draw(i) {
		const line = document.querySelector('[data-line="' + i + '"]');
		const values = series[i], peak = Math.max(1, ...values);

		line.setAttribute("points", values.map((value, k) =>
			WIDTH * (MOST - values.length + k + 1) / MOST + "," +
			(HEIGHT - 2 - value * (HEIGHT - 4) / peak).toFixed(1)
		).join(" "));
	}

	source.addEventListener("history", event => {
		series = JSON.parse(event.data);
		series.forEach((values, i) => draw(i));
	});

	source.onmessage = event => {
		const data = JSON.parse(event.data);

		root.className = "live";
		root.classList.toggle("draining",
			data.readings.state === "draining");
		for (const place of document.querySelectorAll("[data-k]"))
			place.textContent = data.readings[place.dataset.k];
		data.values.forEach((value, i) => {
			series[i] = series[i].concat(value).slice(-MOST);
			draw(i);
		});
	};

	source.onerror = () => { root.className = "lost"; };

	setInterval(() => {
		if (document.hidden || root.className !== "live")
			return;
		fetch("./").then(answer => answer.text()).then(text => {
			/* Its style is there, and not allowed twice. */
			const page = new DOMParser().parseFromString(
				text.slice(text.indexOf("<body>")),
				"text/html");

			document.getElementById("tables").replaceWith(
				page.getElementById("tables"));
		}).catch(() => {});
	}, 5000);
})();
