// Spanish of Mexico for Plotly, which ships none: months, days and the few words that our charts show.
Plotly.register({
  moduleType: "locale",
  name: "es-MX",
  dictionary: { "Double-click on legend to isolate one trace": "Doble clic en la leyenda para ver solo una serie", trace: "serie", Reset: "Restablecer" },
  format: {
    days: ["domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"],
    shortDays: ["dom", "lun", "mar", "mié", "jue", "vie", "sáb"],
    months: ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
    shortMonths: ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"],
    date: "%d/%m/%Y", decimal: ".", thousands: ",",
  },
});
